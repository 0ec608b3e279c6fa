//! Files: content-addressed, encrypted at rest.
