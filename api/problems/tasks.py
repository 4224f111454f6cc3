"""Tasks: who may do them, what their results must say, the calibration of reviewers."""

from __future__ import annotations

from collections.abc import Mapping

from api.problems.answer import Answer

ANSWERS: Mapping[str, Answer] = {
    "task-unknown": Answer("Not found", "There is no such task.", 404),
    "task-not-open": Answer("Task not open", "The task is {state}.", 409),
    "task-not-offered": Answer(
        "Not offered", "The task is not offered: it was given to somebody, or lies in its queue.", 409
    ),
    "task-assigned-to-other": Answer(
        "Somebody else's task", "The task is with another person; a lead can reassign it.", 403
    ),
    "task-offered-to-other": Answer(
        "Offered to somebody else", "The task is offered to another person, who may still take it.", 403
    ),
    "person-not-eligible": Answer("Not eligible", "This person may not do this task: {reasons}", 403),
    "no-open-task": Answer(
        "Nothing to give", "No task of {number} is open; there is nobody to give it to.", 409
    ),
    "not-allowed": Answer("Not allowed", "Your role does not allow this kind of task.", 403),
    "own-work": Answer("Own work", "Nobody reviews their own work.", 403),
    "expert-required": Answer("An expert's work", "Only a subject expert or a lead may do this task.", 403),
    "stale-version": Answer(
        "Changed meanwhile", "The task was changed since you read it; read it again.", 409
    ),
    "result-malformed": Answer("Result not understood", "{name} must be {wanted}."),
    "defect-missing": Answer("Nothing marked", "Mark what is not right, or accept the work."),
    "defect-on-pass": Answer(
        "Marked, and accepted", "Something is marked as not right. Take the marks away, or fail the work."
    ),
    "note-missing": Answer("Note missing", "Say what was done."),
    "note-too-long": Answer("Note too long", "A note has at most {most} characters."),
    "box-empty": Answer("Empty box", "The box has no size; draw it larger."),
    "coding-missing": Answer(
        "Coding missing",
        "The contract has a person decide the coding: give account, cost centre and tax code.",
    ),
    "calibration-complete": Answer("Scored by both", "Two people have scored this unit already.", 409),
    "calibration-scored": Answer("Scored already", "You have scored this unit; a score is not changed.", 409),
    "question-unknown": Answer("Not asked", "These are no questions of this unit: {questions}."),
}
