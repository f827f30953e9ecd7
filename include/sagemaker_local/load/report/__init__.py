"""What a load test was, for people: a table, a live line, figures, and a page that holds them."""
