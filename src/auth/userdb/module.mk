# src/auth/userdb
