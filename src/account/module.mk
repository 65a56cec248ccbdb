# src/account
