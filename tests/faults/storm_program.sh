# A training that is a formula, half a second a step. It goes on from its checkpoint.
done=0
[ -f "$KLAYER_CHECKPOINTS/step" ] && done=$(cat "$KLAYER_CHECKPOINTS/step")
step=$((done + 1))
while [ "$step" -le 40 ]; do
    sleep 0.5
    echo "$step" > "$KLAYER_CHECKPOINTS/draft"
    mv "$KLAYER_CHECKPOINTS/draft" "$KLAYER_CHECKPOINTS/step"
    awk -v rate="$1" -v step="$step" -v seed="$KLAYER_SEED" 'BEGIN {
        far = log(rate) / log(10) + 2
        printf "{\"step\": %d, \"loss\": %.12f}\n", step, far * far + 1 / step + (seed % 1000) / 10000
    }' >> "$KLAYER_REPORT"
    step=$((step + 1))
done
