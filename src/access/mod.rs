//! Who may do what: people, roles, sign-in.

pub mod lockout;
pub mod opaque;
pub mod password;
pub mod permission;
pub mod role;
pub mod scope;
pub mod sign_in;

pub use opaque::{Fingerprint, Opaque};
pub use permission::{Act, Forbidden, Principal, Sight, may, sight_of_confidential};
pub use role::Role;
pub use scope::{Scope, Whereabouts};
pub use sign_in::{Access, Account, PersonRefused, SignInRefused, Terms};
