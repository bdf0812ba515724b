//! tmp
use kubecause_testkit::*;
#[test]
fn one() -> anyhow::Result<()> {
    let all = catalogue_cases()?;
    let get = |n: &str| {
        let (m, c) = n.split_once('/').unwrap();
        all.iter().find(|x| x.0 == m && x.1 == c).unwrap().2.clone()
    };
    let a = Capture::read_folder(&get(&std::env::var("A")?))?;
    let b = Capture::read_folder(&get(&std::env::var("B")?))?;
    let m = a.clone().merged(b.beside("-yb").at_the_time_of(&a)?)?;
    let out = std::path::PathBuf::from(std::env::var("OUT")?);
    let _ = std::fs::remove_dir_all(&out);
    m.write_to(&out)?;
    Ok(())
}
