// This file is empty: a package with assembly may declare functions without a
// body, here profLabel.
