# src/daemon/skel
