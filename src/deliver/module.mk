# src/deliver
