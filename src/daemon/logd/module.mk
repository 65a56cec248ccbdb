# src/daemon/logd
