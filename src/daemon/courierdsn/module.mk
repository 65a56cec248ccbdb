# src/daemon/courierdsn
