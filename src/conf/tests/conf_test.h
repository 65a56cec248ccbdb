/*
 * The tests of src/conf, in two sources.
 */
#ifndef CONF_TEST_H
#define CONF_TEST_H

void test_assign_forms(void);
void test_assign_errors(void);
void test_assign_put(void);

#endif
