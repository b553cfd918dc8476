//! What the fuzz targets of the reference server share.

pub mod arena;
pub mod shapes;

use std::cell::RefCell;
use std::sync::Arc;

use arena::Arena;
use sekisho_server::Conforming;
pub use shapes::Shape;

thread_local! {
    static ARENA: RefCell<Arena> = RefCell::new(Arena::start(Arc::new(Conforming)));
}

/// Sends what a shape makes of the input to a server that this process keeps.
///
/// # Panics
/// At an answer that must not be.
pub fn try_out(shape: Shape, input: &[u8]) {
    ARENA.with_borrow_mut(|arena| arena.feed(shape, input));
}
