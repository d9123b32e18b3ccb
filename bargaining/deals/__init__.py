"""Points of experiments on deals: which one, at what price, after how much delay. One module an analysis."""
