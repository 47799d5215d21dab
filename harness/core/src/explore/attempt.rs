//! One trial: the calls on both sides, or two answers of the target itself.

use super::judge::{Allowed, Judging, alike, by_model, effects};
use super::search::Explorer;
use super::side::{Answered, NoStage, Seen, Side, Stage};
use super::{Move, Relation, Trial, paste};
use crate::compare::Mismatch;
use crate::fixture::Material;
use crate::normalise::{request_lines, response_lines};
use crate::observe::Observation;
use crate::plan::World;
use serde_json::Value;

/// A trial's verdict.
#[derive(Default)]
pub(super) struct Tried {
    pub(super) mismatches: Vec<Mismatch>,
    /// Position of the call that showed the first of them.
    pub(super) at: usize,
    pub(super) exchange: Vec<String>,
    pub(super) case: String,
    pub(super) blocked: Option<String>,
    pub(super) lost: Option<String>,
}

impl Explorer<'_> {
    /// Makes one trial.
    pub(super) async fn attempt(&mut self, trial: &Trial) -> Tried {
        self.tried += 1;
        match trial.relation {
            Relation::Model => self.against_model(trial).await,
            Relation::Plain => self.against_plain(trial).await,
            Relation::Again => self.against_itself(trial).await,
        }
    }

    /// Whether a key can be brought back to where the trial began. A fault, a second material, and what was ever imported
    /// into a key, stay with it.
    fn leaves_no_trace(&self, trial: &Trial, tried: &Tried) -> bool {
        if !tried.mismatches.is_empty() || tried.lost.is_some() {
            return false;
        }
        let material = self.corpus.precondition(&trial.start).map(|start| start.material);
        let imports = |step: &Move| *step == Move::ImportOther || *step == Move::ImportSame;
        match material {
            Some(Material::Two) => false,
            Some(Material::None) => !trial.steps.iter().any(imports),
            _ => !trial.steps.contains(&Move::ImportOther),
        }
    }

    async fn stage(&self, side: &Side<'_>, trial: &Trial, which: &str) -> Result<Stage, Tried> {
        side.stage(&trial.start, &format!("{which} {}", self.tried)).await.map_err(|error| match error {
            NoStage::Unavailable(why) => Tried { blocked: Some(why), ..Tried::default() },
            NoStage::NoAnswer(why) => Tried { lost: Some(why), ..Tried::default() },
        })
    }

    async fn against_model(&self, trial: &Trial) -> Tried {
        let (target, model) =
            tokio::join!(self.stage(&self.target, trial, "absent"), self.stage(&self.model, trial, "absent"));
        let (mut target, mut model) = match (target, model) {
            (Ok(target), Ok(model)) => (target, model),
            (Err(tried), Ok(stage)) => {
                self.model.give_back(stage).await;
                return tried;
            }
            (Ok(stage), Err(tried)) => {
                self.target.give_back(stage).await;
                return tried;
            }
            (Err(tried), Err(_)) => return tried,
        };
        let mut tried = Tried::default();
        let mut deleted = false;
        for (at, step) in trial.steps.iter().enumerate() {
            if !self.step(trial, at, step, (&mut target, &mut model), &mut deleted, &mut tried).await {
                break;
            }
        }
        if self.leaves_no_trace(trial, &tried) {
            tokio::join!(self.target.give_back(target), self.model.give_back(model));
        }
        tried
    }

    /// Makes one call on both sides; says whether to go on.
    async fn step(
        &self,
        trial: &Trial,
        at: usize,
        step: &Move,
        (target, model): (&mut Stage, &mut Stage),
        deleted: &mut bool,
        tried: &mut Tried,
    ) -> bool {
        let is_delete = step.change().is_some();
        let before = if is_delete {
            let (target, model) = tokio::join!(self.target.describe(target), self.model.describe(model));
            match (target, model) {
                (Ok(target), Ok(model)) => Some((target, model)),
                (Err(failure), _) | (_, Err(failure)) => {
                    tried.blocked = Some(failure.describe());
                    return false;
                }
            }
        } else {
            None
        };
        let (seen, expected) = tokio::join!(self.target.perform(target, step), self.model.perform(model, step));
        let place = if is_delete { "answer" } else { "afterwards" };
        let arn = Side::key_arn(target).map(str::to_owned);
        let judging = Judging {
            corpus: self.corpus,
            edition: self.target.target.edition,
            step,
            deleted: *deleted,
            is_symmetric: self
                .corpus
                .precondition(&trial.start)
                .is_some_and(|start| start.spec.as_deref() == Some("SYMMETRIC_DEFAULT")),
            key_arn: arn.as_deref(),
            place,
        };
        let verdict = by_model(&seen, &expected, &judging);
        let mut mismatches = verdict.mismatches;
        if is_delete && let Seen::Answers(answers) = &seen {
            let observed = answers.iter().filter_map(Answered::observation);
            mismatches.extend(observed.flat_map(|observation| self.repeats.of(self.corpus, observation)));
        }
        let model_answer = match &expected {
            Seen::Answers(answers) => answers.last().and_then(Answered::observation).cloned(),
            Seen::Impossible => None,
        };
        let succeeded = model_answer.as_ref().is_some_and(Observation::is_success);
        if verdict.in_step
            && let Some((target_before, model_before)) = &before
        {
            let allowed = if succeeded { Allowed::Change } else { Allowed::Nothing };
            match self.effects((target, model), target_before, model_before, allowed).await {
                Ok(found) => mismatches.extend(found),
                Err(why) => tried.blocked = Some(why),
            }
        }
        *deleted |= is_delete && succeeded;
        if self.adds(tried, mismatches) {
            tried.at = at;
            tried.exchange = self.lines(&seen);
            tried.case = paste::case(self.corpus, self.target.target.edition, trial, at, model_answer.as_ref());
        }
        if let Some(why) = verdict.unreached {
            // One answer that is late is no dead target.
            match self.target.is_alive().await {
                Ok(()) => tried.blocked = Some(why),
                Err(error) => tried.lost = Some(error.to_string()),
            }
            return false;
        }
        verdict.in_step && tried.blocked.is_none()
    }

    /// Adds what was found; says whether these are the first of the trial that count.
    fn adds(&self, tried: &mut Tried, mismatches: Vec<Mismatch>) -> bool {
        let counts = |mismatch: &Mismatch| mismatch.level >= self.options.level;
        let is_first = !tried.mismatches.iter().any(counts) && mismatches.iter().any(counts);
        tried.mismatches.extend(mismatches);
        is_first
    }

    /// Reads both keys back, until they agree or time is up.
    async fn effects(
        &self,
        (target, model): (&Stage, &Stage),
        target_before: &[Value; 2],
        model_before: &[Value; 2],
        allowed: Allowed,
    ) -> Result<Vec<Mismatch>, String> {
        let model_after = self.model.describe(model).await.map_err(|failure| failure.describe())?;
        let mut pauses = self.target.pauses();
        loop {
            let after = match self.target.describe(target).await {
                Ok(after) => after,
                Err(failure) => {
                    let gone = serde_json::json!({ "KeyState": failure.answer });
                    return Ok(effects([&target_before[0], &gone], [&model_before[0], &model_after[0]], allowed, ""));
                }
            };
            let mut found = effects([&target_before[0], &after[0]], [&model_before[0], &model_after[0]], allowed, "");
            found.extend(effects(
                [&target_before[1], &after[1]],
                [&model_before[1], &model_after[1]],
                Allowed::Nothing,
                "of the other key ",
            ));
            if found.is_empty() || !pauses.pause().await {
                return Ok(found);
            }
        }
    }

    /// Two keys of the target in one state: what is changed must not matter.
    async fn against_plain(&self, trial: &Trial) -> Tried {
        let (changed, plain) =
            tokio::join!(self.stage(&self.target, trial, "absent"), self.stage(&self.target, trial, "absent"));
        let (mut changed, mut plain) = match (changed, plain) {
            (Ok(changed), Ok(plain)) => (changed, plain),
            (Err(tried), Ok(stage)) | (Ok(stage), Err(tried)) => {
                self.target.give_back(stage).await;
                return tried;
            }
            (Err(tried), Err(_)) => return tried,
        };
        let mut tried = Tried::default();
        if let Some(step) = trial.steps.first() {
            let (delete, seen) = (Move::delete(), self.target.perform(&mut changed, step).await);
            let expected = self.target.perform(&mut plain, &delete).await;
            let worlds = [&changed, &plain].map(|stage| self.target.world(stage));
            self.compare(trial, (&seen, &worlds[0]), (&expected, &worlds[1]), &mut tried);
        }
        if self.leaves_no_trace(trial, &tried) {
            self.target.give_back(changed).await;
            self.target.give_back(plain).await;
        }
        tried
    }

    /// One key of the target: delete, import the same bytes, delete. The second answer repeats the first.
    async fn against_itself(&self, trial: &Trial) -> Tried {
        let mut stage = match self.stage(&self.target, trial, "absent").await {
            Ok(stage) => stage,
            Err(tried) => return tried,
        };
        let mut tried = Tried::default();
        let mut answers = Vec::new();
        for step in &trial.steps {
            let seen = self.target.perform(&mut stage, step).await;
            let succeeded = match &seen {
                Seen::Answers(answers) => answers.iter().filter_map(Answered::observation).all(Observation::is_success),
                Seen::Impossible => false,
            };
            if step.change().is_some() {
                answers.push(seen);
            } else if !succeeded {
                // Without the import the second deletion is another case.
                answers.clear();
                break;
            }
        }
        if let [first, second] = answers.as_slice() {
            let world = self.target.world(&stage);
            self.compare(trial, (second, &world), (first, &world), &mut tried);
        }
        if self.leaves_no_trace(trial, &tried) {
            self.target.give_back(stage).await;
        }
        tried
    }

    fn compare(
        &self,
        trial: &Trial,
        (seen, here): (&Seen, &World),
        (expected, there): (&Seen, &World),
        tried: &mut Tried,
    ) {
        let (Seen::Answers(answers), Seen::Answers(expected)) = (seen, expected) else { return };
        let pairs = answers.iter().zip(expected);
        let found = pairs.filter_map(|(answer, plain)| alike((answer, here), (plain, there))).collect();
        if self.adds(tried, found) {
            tried.exchange = self.lines(seen);
            let answer = expected.last().and_then(Answered::observation);
            tried.case = paste::case(self.corpus, self.target.target.edition, trial, 0, answer);
        }
    }

    fn lines(&self, seen: &Seen) -> Vec<String> {
        let Seen::Answers(answers) = seen else { return Vec::new() };
        let Some(answered) = answers.last() else { return Vec::new() };
        let request = request_lines(&answered.request, &self.redactor).into_iter().map(|line| format!("> {line}"));
        let answer: Vec<String> = match &answered.result {
            Ok((response, _)) => {
                response_lines(response, &self.redactor).into_iter().map(|line| format!("< {line}")).collect()
            }
            Err(error) => vec![format!("! {error}")],
        };
        request.chain(answer).collect()
    }
}
