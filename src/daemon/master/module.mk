# src/daemon/master
