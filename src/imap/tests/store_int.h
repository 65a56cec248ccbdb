/* What the files of the store in memory call of each other; one function for each question. */
#ifndef IMAP_TESTS_STORE_INT_H
#define IMAP_TESTS_STORE_INT_H

#include "imap/tests/store.h"

typedef const void *store_fn(struct store_view *v, const void *detail, struct fault *f);

/* Takes message i out. */
void store_remove(struct store_folder *f, size_t i);

/* The folder of this name, or NULL and a fault. */
struct store_folder *store_wanted(struct store_view *v, struct slice name, struct fault *f);

/* store.c: questions about folders. */
store_fn store_list, store_create, store_delete, store_rename;
store_fn store_subscribe, store_unsubscribe, store_status;

#endif
