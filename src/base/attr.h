/*
 * Compiler attributes behind names, so that a compiler without them loses a warning and nothing
 * else.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#if defined(__GNUC__) || defined(__clang__)
#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_CHECKED __attribute__((warn_unused_result))
#define ATTR_NORETURN __attribute__((noreturn))
#define ATTR_PURE __attribute__((pure))
#else
#define ATTR_PRINTF(fmt, args)
#define ATTR_CHECKED
#define ATTR_NORETURN
#define ATTR_PURE
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that embeds `member` at address `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
