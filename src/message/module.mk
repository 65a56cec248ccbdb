# src/message
