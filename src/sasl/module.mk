# src/sasl
