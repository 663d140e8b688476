import { useId } from 'preact/hooks';
import { Icon } from './icon.jsx';


// A labelled control.  children: a function that is given the attributes the
// control needs (id, aria-describedby, aria-invalid).
export function Field({ label, hint, error, hideLabel, children }) {
    const id = useId();
    const described = [hint && `${id}-hint`, error && `${id}-error`]
        .filter(Boolean).join(' ');

    return (
        <div class={`field ${error ? 'field--wrong' : ''}`}>
            <label class={hideLabel ? 'unseen' : 'field__label'} for={id}>
                {label}
            </label>
            {hint && <p class="field__hint" id={`${id}-hint`}>{hint}</p>}
            {children({
                id,
                'aria-describedby': described || undefined,
                'aria-invalid': error ? 'true' : undefined,
            })}
            {error && (
                <p class="field__error" id={`${id}-error`}>
                    <Icon name="problem" /> {error}
                </p>
            )}
        </div>
    );
}
