# src/dsn
