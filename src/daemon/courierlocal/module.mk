# src/daemon/courierlocal
