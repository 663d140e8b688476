import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../lib/i18n.js';
import { useStore } from '../lib/hooks.js';
import { question } from '../state/notices.js';
import { Button } from './button.jsx';


function Question({ title, text, yes, no, tone, answer }) {
    const dialog = useRef();
    const id = useId();

    useEffect(() => {
        dialog.current.showModal();
    }, []);

    // Closing the element gives the focus back to where it was.
    function close(agreed) {
        dialog.current.close();
        answer(agreed);
    }

    return (
        <dialog ref={dialog} class="dialog" aria-labelledby={`${id}-title`}
                aria-describedby={`${id}-text`}
                onCancel={(event) => {
                    event.preventDefault();
                    close(false);
                }}>
            <h2 id={`${id}-title`}>{title}</h2>
            <p id={`${id}-text`}>{text}</p>
            <div class="actions actions--end">
                <Button onClick={() => close(false)} data-test="dialog-no">
                    {no ?? t('common.cancel')}
                </Button>
                <Button kind={tone === 'danger' ? 'danger' : 'main'}
                        onClick={() => close(true)} data-test="dialog-yes">
                    {yes}
                </Button>
            </div>
        </dialog>
    );
}


export function Questions() {
    const { open } = useStore(question);

    return open && <Question {...open} />;
}
