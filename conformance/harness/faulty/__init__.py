"""The test of the suite: a proxy that makes one mistake at a time, the tables of its mistakes, and who notices them."""
