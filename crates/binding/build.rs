//! Link arguments of a Node-API module; on ELF also `-z nodelete`, without which a worker that
//! exits would unmap code that thread-local destructors still call.

fn main() {
    napi_build::setup();
}
