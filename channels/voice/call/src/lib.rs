//! A telephone call as a pure machine.
