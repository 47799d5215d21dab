//! Makes one trial: the calls on both sides, or two calls on the target alone.

use super::explorer::Explorer;
use super::judge::{Allowed, Judging, Verdict, alike, by_model, effects, limit};
use super::paste;
use super::side::{Answered, NoStage, Seen, Side, Stage};
use super::trial::{Move, Relation, Trial};
use crate::compare::{Mismatch, WhichKey};
use crate::fixture::{Level, Material};
use crate::normalise::{request_lines, response_lines};
use crate::observe::Observation;
use crate::plan::World;
use crate::text::Text;
use serde_json::Value;

/// The result of a trial.
#[derive(Default)]
pub(super) struct Tried {
    /// The answers that differ, in the order of the calls.
    pub(super) shown: Vec<Shown>,
    pub(super) blocked: Option<Text>,
    pub(super) lost: Option<Text>,
    /// Whether a key may have another state than at the beginning.
    touched: bool,
}

/// The differences that one answer shows, with that answer.
#[derive(Clone)]
pub(super) struct Shown {
    /// The position of the call among the steps of the trial.
    pub(super) at: usize,
    pub(super) mismatches: Vec<Mismatch>,
    /// The request and the answer that show the differences, without secrets.
    pub(super) exchange: Vec<String>,
    pub(super) case: String,
}

/// The progress of a trial on both sides.
struct Course<'t> {
    trial: &'t Trial,
    target: Stage,
    model: Stage,
    /// Whether the operation under test has succeeded in this trial.
    deleted: bool,
    tried: Tried,
}

/// Whether the trial continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}

/// KeyMetadata of the key and of the other key, on both sides, before a call.
struct Before {
    target: [Value; 2],
    model: [Value; 2],
}

/// The target's answer to a call, and the expected answer.
struct Judged {
    answers: Vec<Answered>,
    /// The model's answer, or the last one of several.
    expected: Option<Observation>,
    verdict: Verdict,
}

/// The call that shows a difference.
#[derive(Clone, Copy)]
struct ShownBy<'t> {
    trial: &'t Trial,
    at: usize,
    /// The expected answer to the call.
    expected: Option<&'t Observation>,
}

impl Explorer<'_> {
    /// Makes one trial.
    pub(super) async fn attempt(&mut self, trial: &Trial) -> Tried {
        self.tried += 1;
        // On the heap: these futures are large, and the stack of a thread is not.
        match trial.relation {
            Relation::Model => Box::pin(self.against_model(trial)).await,
            Relation::Plain => Box::pin(self.against_plain(trial)).await,
            Relation::Again => Box::pin(self.against_itself(trial)).await,
            Relation::Unchanged => Box::pin(self.against_before(trial)).await,
        }
    }

    /// Whether the state in which the trial began can be restored. A fault, a second key material and an imported key
    /// material cannot be removed from a key.
    fn leaves_no_trace(&self, trial: &Trial, tried: &Tried) -> bool {
        if !tried.shown.is_empty() || tried.lost.is_some() {
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

    /// Whether the key needs no restoring, because it is already in the state in which trials start.
    fn is_as_it_was(&self, trial: &Trial, tried: &Tried) -> bool {
        let start = self.corpus.precondition(&trial.start);
        !tried.touched && start.is_some_and(|start| start.then.is_empty() && start.material != Material::Deleted)
    }

    async fn stage(&self, side: &Side<'_>, trial: &Trial, which: &str) -> Result<Stage, Tried> {
        match side.stage(&trial.start, &format!("{which} {}", self.tried)).await {
            Ok(stage) => Ok(stage),
            Err(NoStage::Unavailable(why)) => Err(Tried { blocked: Some(why), ..Tried::default() }),
            Err(NoStage::NoAnswer(why)) => Err(without_answer(side, why).await),
        }
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
        if trial.steps.contains(&Move::Decrypt) {
            tokio::join!(self.target.encrypt(&mut target), self.model.encrypt(&mut model));
        }
        let mut course = Course { trial, target, model, deleted: false, tried: Tried::default() };
        for (at, step) in trial.steps.iter().enumerate() {
            if Box::pin(self.step(&mut course, at, step)).await == Next::Stop {
                break;
            }
        }
        let Course { target, model, tried, .. } = course;
        if self.leaves_no_trace(trial, &tried) {
            if self.is_as_it_was(trial, &tried) {
                self.target.put_back(target);
                self.model.put_back(model);
            } else {
                tokio::join!(self.target.give_back(target), self.model.give_back(model));
            }
        }
        tried
    }

    /// Makes one call on both sides.
    async fn step(&self, course: &mut Course<'_>, at: usize, step: &Move) -> Next {
        let is_delete = step.change().is_some();
        let before = match self.before(course, step).await {
            Ok(before) => before,
            Err(why) => {
                course.tried.blocked = Some(why);
                return Next::Stop;
            }
        };
        let Judged { answers, expected, verdict } = self.judged(course, at, step).await;
        let shown_by = ShownBy { trial: course.trial, at, expected: expected.as_ref() };
        for (number, answered) in answers.iter().enumerate() {
            let mut mismatches = verdict.mismatches.get(number).cloned().unwrap_or_default();
            if is_delete && let Some(observation) = answered.observation() {
                mismatches.extend(self.repeats.of(self.corpus, observation));
            }
            self.show(&mut course.tried, mismatches, &[answered], &shown_by);
        }
        let succeeded = expected.as_ref().is_some_and(Observation::is_success);
        if verdict.in_step
            && let Some(before) = &before
        {
            let allowed = if succeeded { Allowed::Change } else { Allowed::Nothing };
            match self.effects((&course.target, &course.model), before, allowed, self.level_of(course.trial, at)).await
            {
                Ok(found) => {
                    for (mismatches, answered) in found {
                        let calls: Vec<&Answered> = answers.last().into_iter().chain([&answered]).collect();
                        self.show(&mut course.tried, mismatches, &calls, &shown_by);
                    }
                }
                Err(why) => course.tried.blocked = Some(why),
            }
        }
        course.deleted |= is_delete && succeeded;
        let tried = &mut course.tried;
        tried.touched |= !is_delete || succeeded || !verdict.in_step || tried.blocked.is_some();
        if let Some(why) = verdict.unreached {
            let without = without_answer(&self.target, why).await;
            (tried.blocked, tried.lost) = (without.blocked, without.lost);
            return Next::Stop;
        }
        if verdict.in_step && tried.blocked.is_none() { Next::Go } else { Next::Stop }
    }

    /// KeyMetadata on both sides before the operation under test, and nothing before other calls.
    async fn before(&self, course: &Course<'_>, step: &Move) -> Result<Option<Before>, Text> {
        if step.change().is_none() {
            return Ok(None);
        }
        let (target, model) = tokio::join!(self.target.describe(&course.target), self.model.describe(&course.model));
        Ok(Some(Before {
            target: target.map_err(|failure| failure.describe())?,
            model: model.map_err(|failure| failure.describe())?,
        }))
    }

    /// Makes the call and compares the target's answers with the model's.
    async fn judged(&self, course: &mut Course<'_>, at: usize, step: &Move) -> Judged {
        let Course { trial, target, model, deleted, .. } = course;
        let (mut seen, expected) = tokio::join!(self.target.perform(target, step), self.model.perform(model, step));
        let arn = Side::key_arn(target).map(str::to_owned);
        let material_id = (at == 0).then(|| self.target.world(target).key?.material_id).flatten();
        let state = paste::state_after(self.corpus, &trial.start, &trial.steps[..at]);
        let judging = Judging {
            corpus: self.corpus,
            edition: self.target.target.edition,
            step,
            precedents: &self.precedents,
            state: state.as_ref(),
            deleted: *deleted,
            key_arn: arn.as_deref(),
            material_id: material_id.as_deref(),
        };
        let mut verdict = by_model(&seen, &expected, &judging);
        let mut pauses = self.target.pauses();
        // A state change may become visible late.
        while *step == Move::Describe
            && verdict.mismatches.iter().any(|found| !found.is_empty())
            && pauses.pause().await
        {
            seen = self.target.perform(target, step).await;
            verdict = by_model(&seen, &expected, &judging);
        }
        let answers = match seen {
            Seen::Answers(answers) => answers,
            Seen::Impossible => Vec::new(),
        };
        let expected = match &expected {
            Seen::Answers(answers) => answers.last().and_then(Answered::observation).cloned(),
            Seen::Impossible => None,
        };
        Judged { answers, expected, verdict }
    }

    /// Records the differences that these calls have shown, if there are any.
    fn show(&self, tried: &mut Tried, mismatches: Vec<Mismatch>, calls: &[&Answered], shown_by: &ShownBy<'_>) {
        if mismatches.is_empty() {
            return;
        }
        let ShownBy { trial, at, expected } = *shown_by;
        let exchange = calls.iter().flat_map(|answered| self.lines(answered)).collect();
        let case = paste::case(self.corpus, self.target.target.edition, trial, at, expected, &mismatches);
        tried.shown.push(Shown { at, mismatches, exchange, case });
    }

    /// The strongest level that what a call shows can have: that of the weakest case that sends such a request.
    fn level_of(&self, trial: &Trial, at: usize) -> Level {
        let Some(change) = trial.steps.get(at).and_then(Move::change) else { return Level::Must };
        let state = paste::state_after(self.corpus, &trial.start, &trial.steps[..at]);
        self.precedents.like(change, state.as_ref()).level()
    }

    /// Reads both keys back until the sides agree or the time is up. Returns the differences of each key, with the call
    /// that shows them.
    async fn effects(
        &self,
        (target, model): (&Stage, &Stage),
        before: &Before,
        allowed: Allowed,
        level: Level,
    ) -> Result<Vec<(Vec<Mismatch>, Answered)>, Text> {
        let model_after = self.model.describe(model).await.map_err(|failure| failure.describe())?;
        let mut pauses = self.target.pauses();
        loop {
            let after = self.target.described(target).await?;
            let pairs = after.into_iter().zip([(0, allowed, WhichKey::Key), (1, Allowed::Nothing, WhichKey::Other)]);
            let found: Vec<(Vec<Mismatch>, Answered)> = pairs
                .filter_map(|(after, (at, allowed, on))| {
                    let (after, answered) = after?;
                    let model = [&before.model[at], &model_after[at]];
                    let mut found = effects(self.corpus, [&before.target[at], &after], model, allowed, on);
                    limit(&mut found, level);
                    (!found.is_empty()).then_some((found, answered))
                })
                .collect();
            if found.is_empty() || !pauses.pause().await {
                return Ok(found);
            }
        }
    }

    /// Two keys of the target in the same state: the difference between the two requests must not matter.
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
            let other = trial.steps.get(1).cloned().unwrap_or_else(Move::delete);
            let seen = self.target.perform(&mut changed, step).await;
            let expected = self.target.perform(&mut plain, &other).await;
            let worlds = [&changed, &plain].map(|stage| self.target.world(stage));
            self.compare(trial, (&seen, &worlds[0]), (&expected, &worlds[1]), &mut tried);
        }
        if self.leaves_no_trace(trial, &tried) {
            self.target.give_back(changed).await;
            self.target.give_back(plain).await;
        }
        tried
    }

    /// One key of the target: delete, import the same bytes, delete. The second deletion must be answered like the
    /// first.
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
                // Without the import, the second deletion tests something else.
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

    /// One key of the target: a refused call must not change the key.
    async fn against_before(&self, trial: &Trial) -> Tried {
        let mut stage = match self.stage(&self.target, trial, "absent").await {
            Ok(stage) => stage,
            Err(tried) => return tried,
        };
        let before = match self.target.describe(&stage).await {
            Ok(before) => before,
            Err(failure) => return Tried { blocked: Some(failure.describe()), ..Tried::default() },
        };
        let mut tried = Tried { touched: true, ..Tried::default() };
        let Some(step) = trial.steps.first() else { return tried };
        let seen = self.target.perform(&mut stage, step).await;
        let Seen::Answers(answers) = &seen else { return tried };
        let is_refused = |answered: &Answered| {
            answered.observation().is_some_and(|observation| (400..500).contains(&observation.status))
        };
        if answers.iter().all(is_refused) {
            let refused = answers.last();
            let shown_by = ShownBy { trial, at: 0, expected: refused.and_then(Answered::observation) };
            let after = match self.target.described(&stage).await {
                Ok(after) => after,
                Err(why) => return Tried { blocked: Some(why), ..Tried::default() },
            };
            for ((after, before), on) in after.into_iter().zip(&before).zip([WhichKey::Key, WhichKey::Other]) {
                let Some((after, answered)) = after else { continue };
                let mut found = effects(self.corpus, [before, &after], [before, before], Allowed::Nothing, on);
                limit(&mut found, self.level_of(trial, 0));
                let calls: Vec<&Answered> = refused.into_iter().chain([&answered]).collect();
                self.show(&mut tried, found, &calls, &shown_by);
            }
            tried.touched = false;
        }
        if self.leaves_no_trace(trial, &tried) {
            match self.is_as_it_was(trial, &tried) {
                true => self.target.put_back(stage),
                false => self.target.give_back(stage).await,
            }
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
        let shown_by = ShownBy { trial, at: 0, expected: expected.last().and_then(Answered::observation) };
        for (answer, plain) in answers.iter().zip(expected) {
            let mut found: Vec<_> = alike((answer, here), (plain, there), trial.relation).into_iter().collect();
            limit(&mut found, self.level_of(trial, 0));
            self.show(tried, found, &[plain, answer], &shown_by);
        }
    }

    fn lines(&self, answered: &Answered) -> Vec<String> {
        let request = request_lines(&answered.request, &self.redactor).into_iter().map(|line| format!("> {line}"));
        let answer: Vec<String> = match &answered.result {
            Ok((response, _)) => {
                response_lines(response, &self.redactor).into_iter().map(|line| format!("< {line}")).collect()
            }
            Err(error) => vec![format!("! {}", self.redactor.show(&error.text()))],
        };
        request.chain(answer).collect()
    }
}

/// The result of a call without an answer. A target that answers another call is alive, and the answer was only late.
async fn without_answer(side: &Side<'_>, why: Text) -> Tried {
    match side.is_alive().await {
        Ok(()) => Tried { blocked: Some(why), ..Tried::default() },
        Err(error) => Tried { lost: Some(error.text()), ..Tried::default() },
    }
}
