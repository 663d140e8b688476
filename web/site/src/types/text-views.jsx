// What a text project looks like on the training and the test page.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from '../components/button.jsx';
import { Field } from '../components/field.jsx';
import { EXAMPLE_LENGTH, sortExamples, splitLines } from '../lib/examples.js';
import { displayLabel } from '../lib/labels.js';
import { t } from '../lib/i18n.js';

const TEST_LENGTH = 2000;


// The sentence about texts that were not taken, or null.
function refusal({ duplicates, tooLong, overLimit }) {
    if (overLimit.length > 0) {
        return t('training.full');
    }

    if (tooLong.length > 0) {
        return t('training.tooLong', { max: EXAMPLE_LENGTH });
    }

    if (duplicates.length > 0) {
        return duplicates.length === 1
            ? t('training.duplicate', { text: duplicates[0] })
            : t('training.duplicates', { count: duplicates.length });
    }

    return null;
}


// A line to type an example into.  A text of several lines that is pasted gives
// one example a line.  focus: begin here.
export function TextInput({ label, items, focus, onAdd, onHint }) {
    const [value, setValue] = useState('');
    const [error, setError] = useState(null);
    const input = useRef();

    useEffect(() => {
        if (focus) {
            input.current.focus();
        }
    }, [focus]);

    function add(texts) {
        const sorted = sortExamples(texts, label, items);

        setError(refusal(sorted));

        if (sorted.accepted.length > 0) {
            onAdd(sorted.accepted);
        }

        if (sorted.elsewhere.length > 0) {
            onHint(t('training.elsewhere', {
                text: sorted.elsewhere[0].text,
                label: displayLabel(sorted.elsewhere[0].label),
            }));
        }

        return sorted;
    }

    function submit(event) {
        event.preventDefault();
        input.current.focus();

        if (value.trim() === '') {
            setError(t('training.empty'));
            return;
        }

        if (add([value]).accepted.length > 0) {
            setValue('');
        }
    }

    function paste(event) {
        const lines = splitLines(event.clipboardData?.getData('text') ?? '');

        if (lines.length > 1) {
            event.preventDefault();
            add(lines);
        }
    }

    return (
        <form class="adder" onSubmit={submit} noValidate>
            <Field hideLabel error={error}
                   label={t('training.inputLabel',
                       { label: displayLabel(label) })}>
                {(attributes) => (
                    <div class="adder__row">
                        <input {...attributes} ref={input} class="input"
                               type="text" autocomplete="off" dir="auto"
                               placeholder={t('training.placeholder')}
                               maxLength={EXAMPLE_LENGTH}
                               value={value}
                               data-test={`example-input-${label}`}
                               onPaste={paste}
                               onInput={(event) => {
                                   setValue(event.currentTarget.value);
                                   setError(null);
                               }} />
                        <Button type="submit" kind="main" icon="add"
                                aria-label={t('training.addTo',
                                    { label: displayLabel(label) })}
                                data-test={`example-add-${label}`}>
                            {t('training.add')}
                        </Button>
                    </div>
                )}
            </Field>
        </form>
    );
}


export function TextItem({ item, onRemove }) {
    return (
        <>
            <span class="example__text" dir="auto">{item.text}</span>
            <IconButton icon="close"
                        label={t('training.remove', { text: item.text })}
                        aria-disabled={item.pending ? 'true' : undefined}
                        onClick={() => !item.pending && onRemove(item)} />
        </>
    );
}


// onTest(text) starts a test.
export function TextTest({ busy, onTest }) {
    const [value, setValue] = useState('');
    const [error, setError] = useState(null);
    const input = useRef();

    function submit(event) {
        event.preventDefault();

        if (value.trim() === '') {
            setError(t('test.empty'));
            input.current.focus();
        } else if (!busy) {
            onTest(value.trim());
        }
    }

    return (
        <form class="adder" onSubmit={submit} noValidate>
            <Field label={t('test.label')} error={error}>
                {(attributes) => (
                    <div class="adder__row">
                        <input {...attributes} ref={input} class="input"
                               type="text" autocomplete="off" dir="auto"
                               maxLength={TEST_LENGTH} value={value}
                               data-test="test-text"
                               onInput={(event) => {
                                   setValue(event.currentTarget.value);
                                   setError(null);
                               }} />
                        <Button type="submit" kind="main" busy={busy}
                                data-test="test-run">
                            {t('test.run')}
                        </Button>
                    </div>
                )}
            </Field>
        </form>
    );
}
