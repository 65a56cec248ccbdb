# src/daemon/courierd
