//! Being built.
struct P;
impl dukou_sdk::Validation for P {
    fn configure(_: &str, _: &str) -> Result<(Self, dukou_sdk::Needs), Vec<dukou_sdk::SettingError>> { Ok((P, dukou_sdk::Needs::of(["*"]))) }
    fn validate(&self, c: Vec<dukou_sdk::Candidate>, _: &dyn dukou_sdk::Lookups) -> Vec<Vec<dukou_sdk::Violation>> {
        c.into_iter().map(|_| vec![]).collect()
    }
}
dukou_sdk::export_validation!(P);
