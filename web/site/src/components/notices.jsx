import { t } from '../lib/i18n.js';
import { useStore } from '../lib/hooks.js';
import { link, retryNow } from '../state/app.js';
import { dismiss, notices } from '../state/notices.js';
import { Button, IconButton } from './button.jsx';
import { Icon } from './icon.jsx';

const ICONS = { good: 'check', info: 'info', problem: 'problem' };


// The region exists from the start: screen readers only announce what changes
// in a region they know.
export function Notices() {
    const { list } = useStore(notices);

    return (
        <div class="notices" role="status" aria-live="polite">
            {list.map(({ id, text, tone, action }) => (
                <div key={id} class={`notice notice--${tone}`}>
                    <Icon name={ICONS[tone]} />
                    <p>{text}</p>
                    {action && (
                        <Button kind="quiet" onClick={() => {
                            dismiss(id);
                            action.run();
                        }}>
                            {action.text}
                        </Button>
                    )}
                    <IconButton icon="close" label={t('common.dismiss')}
                                onClick={() => dismiss(id)} />
                </div>
            ))}
        </div>
    );
}


export function LinkBanner() {
    const { state } = useStore(link);

    return (
        <div role="status">
            {state !== 'ok' && (
                <div class="banner">
                    <Icon name="problem" />
                    <p>{t(`link.${state}`)}</p>
                    <Button kind="quiet" onClick={retryNow}>
                        {t('link.now')}
                    </Button>
                </div>
            )}
        </div>
    );
}
