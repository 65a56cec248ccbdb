# src/queue
