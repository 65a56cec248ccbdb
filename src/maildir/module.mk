# src/maildir
