// Is there enough to learn from?

import { ofLabel } from './labels.js';


// labels: in the project's order.  counts: label -> number of examples.
// rules: { labels, examples, weakLabels }.
// Returns { state: 'nothing' | 'labels' | 'examples' | 'ready', weak } where
// weak lists { label, count, missing } of labels below the number wanted.
export function checkReadiness(labels, counts, rules) {
    const weak = labels
        .map((label) => ({ label, count: ofLabel(counts, label, 0) }))
        .filter(({ count }) => count < rules.examples)
        .map((row) => ({ ...row, missing: rules.examples - row.count }));
    const total = labels.reduce(
        (sum, label) => sum + ofLabel(counts, label, 0), 0);

    if (labels.length === 0 || (total === 0 && labels.length < rules.labels)) {
        return { state: 'nothing', weak };
    }

    if (labels.length < rules.labels) {
        return { state: 'labels', weak };
    }

    const filled = labels.filter(
        (label) => ofLabel(counts, label, 0) > 0).length;
    const enough = weak.length <= rules.weakLabels && filled >= rules.labels;

    return { state: enough ? 'ready' : 'examples', weak };
}
