//! `cases/` 下的用例 / the cases in `cases/`.

#[test]
fn every_case_holds() {
    dukou_sdk::testing::adjustment::<plugin_name::PluginName>("cases");
}
