//! The floor with a telephone made of memory.
