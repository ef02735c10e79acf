//! House rules as tests (`tests/`): who may know whom, what every file says of itself, how long a file may be. Nothing here runs in the product.
