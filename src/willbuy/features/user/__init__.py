"""What the shopper did before."""
