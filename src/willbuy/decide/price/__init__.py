"""What a price cut would bring, from price changes within products."""
