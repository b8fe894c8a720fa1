//! Link arguments of a Node-API module; on ELF also `-z nodelete`, without which a worker that
//! exits would unmap code that thread-local destructors still call.

fn main() {
    napi_build::setup();
    if std::env::var("CARGO_CFG_TARGET_VENDOR").as_deref() == Ok("apple") {
        // What it calls itself would be the path where it was built.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/mio-js.node");
    }
}
