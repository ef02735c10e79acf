//! scratch
use std::sync::Arc;
use std::time::Instant;
use crate::fixture::*;
#[test]
fn scratch_python() {
    let bytes = std::fs::read("/tmp/py-guest/app.wasm").unwrap();
    let t = Instant::now();
    let i = dukou_plugin::inspect(&bytes, &Default::default());
    println!("inspect {:?}", t.elapsed());
    match &i { Err(e) => { println!("{e}"); return; } Ok(i) => println!("{:?} fns {} ci {} mem {} tab {} {:?}", i.class(), i.functions, i.core_instances, i.initial_memory_bytes, i.initial_table_elements, i.imports) }
    let mut o = options();
    o.cache_dir = Some("/tmp/py-guest/code".into());
    o.compiler = Arc::new(dukou_plugin::ChildCompiler::new(env!("CARGO_BIN_EXE_compile-plugin"), []));
    let rt = dukou_plugin::Runtime::new(o).unwrap();
    let t = Instant::now();
    let p = rt.load(&bytes).unwrap();
    println!("load {:?} {}", t.elapsed(), rt.mode());
    let t = Instant::now();
    let q = rt.configure(&p, "{}", ENVIRONMENT).unwrap();
    println!("configure {:?} {:?}", t.elapsed(), q.configured());
    let t = Instant::now();
    let r = q.transform(&groups(20), &no_tables());
    println!("transform {:?} {:?} {:?}", t.elapsed(), r.usage, r.result.map(|v| v.len()));
    println!("{:?}", r.log);
}
