"""What `make bench` runs: ledgers of three sizes, and what is asked of them."""
