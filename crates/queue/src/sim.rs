//! The simulator: the same decisions over made-up or recorded histories, to measure a policy before it is used.
