# src/daemon/authdaemond
