# src/daemon/esmtpd
