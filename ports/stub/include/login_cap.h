/*
 * Nothing of login.conf is used by name. For the emulation.
 */
