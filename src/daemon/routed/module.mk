# src/daemon/routed
