# src/daemon/tallyd
